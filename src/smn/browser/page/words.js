// The page's texts but those of answers, in English and French. {names} in braces are filled in.

const WORDS = {
  en: {
    title: "smn: which movement is this painting from?",
    heading: "Which movement is this painting from?",
    lead: "Show smn a picture of a painting. It names the movement, says how sure it is, and shows why. Or it says that it can't tell.",
    camera: "Take a photograph",
    choose: "Choose a picture",
    drop: "Or drop a picture anywhere on the page.",
    again: "Look at another",
    loading: "Loading the network, {megabytes} MB, once … {share} %",
    starting: "Starting the network …",
    looking: "Looking …",
    alt: "The picture you gave",
    evidence: "Show why",
    evidence_note: "Bright places speak for {movement}.",
    private: "Your picture does not leave this device: once the network is here, this page can send nothing.",
    offline: "The page also works without a connection, and you can add it to your home screen.",
    about: "Model {model}. A painting on a wall is not cut out here, so fill the picture with it.",
    guesses: "The guesses",
    together: "together: the {family} family",
    only_guesses: "The movements below are only guesses.",
    bad_type: "It is not a picture that this browser can read. Use JPEG, PNG, WebP, GIF, BMP or AVIF.",
    bad_large: "It is too large: at most 50 MB and 80 million pixels are allowed. Save it smaller and try again.",
    bad_truncated: "It ends in the middle, as if a download had been cut short. Get the file again and retry.",
    bad_image: "It cannot be read as a picture. Open it in a viewer, save it as JPEG and try again.",
    bad_tiny: "It is too small for an answer. Use a larger one.",
    bad_other: "Something went wrong while looking at it. Try again, or try another picture.",
    bad_load: "The network could not be loaded. Check the connection and reload the page.",
  },
  fr: {
    title: "smn : à quel mouvement ce tableau appartient-il ?",
    heading: "À quel mouvement ce tableau appartient-il ?",
    lead: "Montrez à smn l'image d'un tableau. Il nomme le mouvement, dit à quel point il en est sûr, et montre pourquoi. Ou bien il avoue qu'il ne sait pas.",
    camera: "Prendre une photo",
    choose: "Choisir une image",
    drop: "Ou déposez une image n'importe où sur la page.",
    again: "En regarder une autre",
    loading: "Chargement du réseau, {megabytes} Mo, une seule fois … {share} %",
    starting: "Démarrage du réseau …",
    looking: "Un instant, smn regarde …",
    alt: "L'image que vous avez donnée",
    evidence: "Montrer pourquoi",
    evidence_note: "Les endroits clairs parlent pour : {movement}.",
    private: "Votre image ne quitte pas cet appareil : une fois le réseau chargé, cette page ne peut plus rien envoyer.",
    offline: "La page fonctionne aussi sans connexion, et s'ajoute à l'écran d'accueil.",
    about: "Modèle {model}. Un tableau accroché au mur n'est pas détouré ici : qu'il remplisse l'image.",
    guesses: "Les hypothèses",
    together: "la famille {family}, ensemble",
    only_guesses: "Les mouvements ci-dessous restent des hypothèses.",
    bad_type: "Ce n'est pas une image que ce navigateur sait lire. JPEG, PNG, WebP, GIF, BMP et AVIF conviennent.",
    bad_large: "Elle est trop grande : jusqu'à 50 Mo et 80 millions de pixels conviennent. Enregistrez-la plus petite et réessayez.",
    bad_truncated: "Elle s'arrête au milieu, comme si le téléchargement avait été coupé. Récupérez le fichier et réessayez.",
    bad_image: "Elle ne se lit pas comme une image. Ouvrez-la dans une visionneuse, enregistrez-la en JPEG et réessayez.",
    bad_tiny: "Elle est trop petite pour en dire quoi que ce soit. Donnez-en une plus grande.",
    bad_other: "Quelque chose s'est mal passé. Réessayez, ou essayez une autre image.",
    bad_load: "Le réseau n'a pas pu être chargé. Vérifiez la connexion et rechargez la page.",
  },
};

export const LANGUAGES = Object.keys(WORDS);

/** A function from a text's key to the text, with names filled in. */
export function speak(language) {
  return (key, values) => fill(WORDS[language][key], values);
}

/** A text with what stands in braces filled in. */
export function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The page's texts, in English and French. {names} in braces are filled in.

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
    family_sure: "The family is clearer: {family}.",
    in_hundred: "{count} in 100",
    under_one: "under 1 in 100",
    sure: "{movement}", fairly: "{movement}, fairly sure", perhaps: "{movement}, perhaps",
    torn: "Between {movement} and {other}", unsure: "I can't tell this one",
    no_painting: "This does not look like a painting to me",
    confidence_sure: "sure · {chance}", confidence_fairly: "{chance}",
    confidence_perhaps: "more likely than any other · {chance}", confidence_torn: "one of the two · {chance}",
    confidence_unsure: "My best guesses are below. None of them is sure enough for an answer.",
    confidence_no_painting: "Perhaps it is a photograph, a computer drawing, or a page of text. The movements below are only guesses.",
    looks_like_photograph: "It looks like a photograph, or like something made of photographs. The movements below are only guesses.",
    looks_like_page: "It looks like a page, a screen or a pattern. The movements below are only guesses.",
    looks_like_drawing: "It looks like a comic, a cartoon or a child's drawing. The movements below are only guesses.",
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
    together: "la famille dans son ensemble : {family}",
    family_sure: "La famille est plus claire : {family}.",
    in_hundred: "{count} sur 100",
    under_one: "moins de 1 sur 100",
    sure: "{movement}", fairly: "{movement}, assez sûrement", perhaps: "{movement}, peut-être",
    torn: "Entre {movement} et {other}", unsure: "Celui-ci, je ne saurais dire",
    no_painting: "Cela ne ressemble pas à un tableau",
    confidence_sure: "sûr · {chance}", confidence_fairly: "{chance}",
    confidence_perhaps: "plus probable que tout autre · {chance}", confidence_torn: "l'un des deux · {chance}",
    confidence_unsure: "Mes meilleures hypothèses sont ci-dessous ; aucune n'est assez bonne pour être une réponse.",
    confidence_no_painting: "Peut-être une photographie, un dessin fait par une machine, une page de texte. Les mouvements ci-dessous restent des hypothèses.",
    looks_like_photograph: "On dirait une photographie, ou un montage de photographies. Les mouvements ci-dessous restent des hypothèses.",
    looks_like_page: "On dirait une page, un écran ou un motif. Les mouvements ci-dessous restent des hypothèses.",
    looks_like_drawing: "On dirait une bande dessinée, un dessin humoristique ou un dessin d'enfant. Les mouvements ci-dessous restent des hypothèses.",
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
  return (key, values = {}) => WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A probability in words. */
export function inHundred(words, probability) {
  const count = Math.round(100 * probability);
  return count < 1 ? words("under_one") : words("in_hundred", { count: Math.min(count, 99) });
}

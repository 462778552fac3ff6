"""A Space that tells the movement of a painting, as a page and as a server of the Model Context Protocol.

SMN_MODEL names the model: one inside the package, or one on the hub as hf://owner/name.
"""

import os
import tempfile
from pathlib import Path

import gradio as gr

import smn
from smn.explain.explanation import explain_picture
from smn.story import read_story

MODEL = smn.load(os.environ.get("SMN_MODEL", "default"))


def classify(picture: str | None) -> tuple[str, dict[str, float], dict[str, object]]:
    """Tell which artistic movement a painting belongs to, how sure that is, or that it is no painting.

    Args:
        picture: the picture, as a file or an address.

    Returns:
        The answer as a sentence, the probabilities of the best guesses, and everything about the answer as JSON.
    """
    try:
        answer = MODEL.predict(_require(picture), top_k=5)
    except smn.SmnError as error:
        raise gr.Error(str(error)) from error
    guesses = {guess.label: guess.probability for guess in answer.predictions}
    return str(answer), guesses, answer.to_dict() | {"path": None}


def explain(picture: str | None) -> tuple[str, str]:
    """Show where in a painting the evidence for its movement is.

    Args:
        picture: the picture, as a file or an address.

    Returns:
        The picture with the evidence laid over it, and what to look for.
    """
    try:
        why = explain_picture(MODEL, _require(picture))
    except smn.SmnError as error:
        raise gr.Error(str(error)) from error
    with tempfile.NamedTemporaryFile(suffix=".jpg", delete=False) as file:
        why.overlay().convert("RGB").save(file, "JPEG", quality=88)
    return file.name, "\n".join(f"- {trait}" for trait in why.traits())


def story(movement: str) -> dict[str, object]:
    """Tell about an artistic movement: what it is, key works, neighbours, music and sources.

    Args:
        movement: its id, name or an alias, such as impressionism.

    Returns:
        The movement's page as JSON.
    """
    try:
        return read_story(movement).to_dict()
    except smn.SmnError as error:
        raise gr.Error(str(error)) from error


def _require(picture: str | None) -> Path:
    if not picture:
        raise smn.InputError("There is no picture; upload one first.")
    return Path(picture)


with gr.Blocks(title="Movements of paintings") as page:
    gr.Markdown(
        "# Which movement is this painting from?\n"
        f"Model {MODEL.name}. Its confidence is calibrated; it says so if it cannot tell, or if this is no painting."
    )
    with gr.Row():
        with gr.Column():
            given = gr.Image(type="filepath", sources=["upload", "clipboard", "webcam"], label="Picture")
            ask, why = gr.Button("Which movement?", variant="primary"), gr.Button("Why?")
        with gr.Column():
            said = gr.Textbox(label="Answer")
            shares = gr.Label(label="Guesses")
            shown = gr.Image(label="Evidence", type="filepath")
            traits = gr.Markdown()
    with gr.Accordion("Everything about the answer", open=False):
        facts = gr.JSON()
    with gr.Accordion("About a movement", open=False):
        name = gr.Dropdown([(one.name, one.id) for one in smn.list_movements()], label="Movement")
        about = gr.JSON()
    ask.click(classify, given, [said, shares, facts], api_name="classify")
    why.click(explain, given, [shown, traits], api_name="explain")
    name.change(story, name, about, api_name="story")

if __name__ == "__main__":
    page.launch(mcp_server=True, show_error=True)

"""How it works and how well, and the review of findings for curators."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from smn.web.charts import draw_ladder, draw_reliability
from smn.web.drawing import FALLBACK
from smn.web.frame import Visit, base_path
from smn.web.words import Words


def show_about(visit: Visit) -> None:
    """Show how it works and how well it does."""
    words, figures = visit.words, visit.state.figures
    st.html(f'<h1>{words("how.heading")}</h1><p class="smn-lead">{words("how.lead")}</p>')
    if figures is None:
        st.html(f'<p class="smn-note">{words("how.unmeasured")}</p>')
    else:
        _show_figures(figures, visit)
    limits = "".join(f"<li>{limit}</li>" for limit in _limits(figures, words))
    st.html(
        f'<div class="smn-text"><h2>{words("how.limits")}</h2><ul>{limits}</ul>'
        f"<h2>{words('how.privacy')}</h2><p>{words('how.privacy_text')}</p></div>"
    )


def _show_figures(figures: Mapping[str, Any], visit: Visit) -> None:
    words, theme = visit.words, visit.theme
    left, right = st.columns(2, gap="large")
    curve = figures["reliability"]
    with left:
        st.html(
            f'<h2>{words("how.how_sure")}</h2><p class="smn-note">{words("how.how_sure_note")}</p>'
            + draw_reliability(curve["confidence"], curve["accuracy"], words, theme=theme, accent=FALLBACK[theme])
        )
    with right:
        rungs = [(words(f"rung.{one['id']}"), one["unseen"], one["known"]) for one in figures["ladder"]]
        rungs.append((words("how.this"), figures["unseen"], None))
        st.html(
            f'<h2>{words("how.ladder")}</h2><p class="smn-note">{words("how.ladder_note")}</p>'
            + draw_ladder(rungs, words)
            + f'<p class="smn-note">{words("how.figures")}</p>'
        )


def _limits(figures: Mapping[str, Any] | None, words: Words) -> list[str]:
    said = [words(f"how.limit_{name}") for name in ("overlap", "source", "style")]
    if figures is None:
        return said
    shares = {name: round(100 * figures[name]) for name in ("famous", "unseen", "top3")}
    refused = words.number(100 * figures["refused"], digits=1)
    accepted = {
        name: round(100 * figures[f"accepted_{name}"]) for name in ("top1", "top3") if "accepted_top1" in figures
    }
    counted = [words("how.limit_accepted", **accepted)] if accepted else []
    return [words("how.limit_share", **shares), *counted, *said, words("how.limit_refuse", refused=refused)]


_COMMANDS = """smn clean check data/mine --out findings
smn clean review findings --out review
smn web --review review"""


def show_review(visit: Visit) -> None:
    """Show the review of findings, where the settings name one."""
    words = visit.words
    st.html(f'<h1>{words("review.heading")}</h1><p class="smn-lead">{words("review.lead")}</p>')
    if visit.state.settings.review is None:
        st.html(f"<p>{words('review.none')}</p>")
        st.code(_COMMANDS, language=None)
        return
    address = f"{base_path()}/findings/index.html"
    st.html(
        f'<p><a href="{address}" target="_blank">{words("review.open")}</a></p>'
        f'<p class="smn-note">{words("review.keys")}</p>'
    )
    with st.container(key="smn-findings"):
        st.iframe(address, height=800, alt=words("review.frame"))

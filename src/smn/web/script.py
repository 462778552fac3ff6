"""What Streamlit runs for every visitor and every click."""

from smn.web.frame import show_page

show_page()

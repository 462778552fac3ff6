"""The pages, one a module; each has ``show``. Not named "pages": Streamlit would run such a folder's files itself."""

"""What the HTTP service and the page share: settings, and the database of predictions and feedback."""

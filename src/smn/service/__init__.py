"""What the HTTP service and the page share: settings, the database of predictions and feedback, and safe fetching."""

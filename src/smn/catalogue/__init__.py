"""From a collection to answers, and from answers back into a catalogue."""

"""Many trainings compared: a ladder of recipes under one protocol, and sweeps over the settings of one recipe."""

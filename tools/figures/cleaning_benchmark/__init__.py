"""Plants known faults in a copy of a data set and counts which of them `smn clean check` finds."""

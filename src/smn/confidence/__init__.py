"""How sure an answer is, and when it is given: calibration, selective thresholds, conformal sets, the answer policy."""

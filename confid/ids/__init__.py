"""The promise: ConferenceId, the dice, the issuer, the witness."""

"""PowerShell over plain values, held to the engine's answers."""

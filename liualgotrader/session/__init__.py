"""What the processes of a session share: control messages, logs, incarnations, the client's side of lockstep."""

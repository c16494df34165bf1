"""Telling people what waits for them: who is told of which event, in which words, and how it gets to them.

Whom an event concerns is decided in the transaction that stores it (`recipients`), and kept in the outbox (`outbox`);
`delivery` takes it from there, makes the text (`messages`) and sends it (`sending`). Only `sending` knows apprise, and
imports it when something is sent.
"""

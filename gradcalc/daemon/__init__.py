"""The warm process: a server that has everything imported, and the light client that asks it.

A call that the client can hand over is answered by a forked child of the server, in the caller's
directory and environment and on the caller's own streams. Whatever cannot be handed over, and
whatever goes wrong before there is output, is answered by the caller itself, as without a server.
"""

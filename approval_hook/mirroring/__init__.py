"""The local mirror of lists: editions are loaded whole, checked row by row, and looked up in the database.

``loading.load`` takes an edition in or refuses it; ``store.StoredLists`` answers the adapter ``adapters.mirror``.
"""

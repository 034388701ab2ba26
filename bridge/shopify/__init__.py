"""The Admin GraphQL side: documents, protocol, pacing, client, session."""

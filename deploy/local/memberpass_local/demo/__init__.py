"""The whole story of MemberPass, played against a stack of its own, each step checked."""

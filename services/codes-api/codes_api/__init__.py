"""codes-api: projects, bots, membership plans, access codes, redemptions and memberships. Bills nobody."""

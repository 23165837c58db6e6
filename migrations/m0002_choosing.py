"""Custom formats: what a person likes or dislikes in a release. Their scores stand in the quality profiles."""

STEPS: tuple[str, ...] = (
    """create table custom_formats (
        id text primary key,
        name text not null unique,
        definition text not null,
        created_at text not null,
        updated_at text not null)""",
)

"""What settings are made of: a section, and a field with its documentation."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def setting(default: Any, doc: str, *, restart: bool = False, **rules: Any) -> Any:
    """A field with its documentation; `rules` are pydantic's (ge, le, min_length, ...)."""
    return Field(default, description=doc, json_schema_extra={"restart": restart}, **rules)


def section(model: type[Section], doc: str) -> Any:
    return Field(default_factory=model, description=doc)

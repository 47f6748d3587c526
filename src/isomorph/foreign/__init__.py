"""Files that others wrote: read behind one guard, so that nothing in them becomes a traceback."""

from isomorph.errors import first_line
from isomorph.foreign.budget import in_words
from isomorph.foreign.content import lack_of_content
from isomorph.foreign.guard import reading
from isomorph.foreign.text_tables import MISSING, as_cells, is_tab_separated, read_table, read_tsv

__all__ = [
    "MISSING",
    "as_cells",
    "first_line",
    "in_words",
    "is_tab_separated",
    "lack_of_content",
    "read_table",
    "read_tsv",
    "reading",
]

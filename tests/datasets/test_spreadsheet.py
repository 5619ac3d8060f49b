"""What a CSV file may not hold: nothing of it is dropped without a word."""

from pathlib import Path

import pytest

from duchenne.datasets import spreadsheet
from duchenne.errors import DatasetError


def read(root: Path, text: str) -> list[spreadsheet.Line]:
    path = root / "subjects.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return spreadsheet.read(path, needs=["subject"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("subject,age\np1,31\np2,32,female\n", "beyond the header in lines 3;"),
        ("\ufeffsubject;age\r\n\r\np1;31;female\r\np2;32\r\np3;33;;x\r\n", "in lines 3, 5;"),
        ('subject,age,place\np1,31,"two\nlines"\np2,32,"in\n\nthree",x\n', "in lines 4;"),
        ("subject,age,,\np1,31,,x\n", "in lines 2;"),
        ("subject,mass\n" + "p1,0,5\n" * 9, "in lines 2, 3, 4, 5, 6 and 4 more;"),
        ("subject,age\np1,31\np\x002,32\n", "line 3 holds a NUL"),
        ("s\0u\0b\0j\0e\0c\0t\0\n\0", "line 1 holds a NUL"),
        (f'subject,age\np1,31\np2,"{"x" * 200_000}"\n', "line 3: field larger than"),
    ],
)
def test_what_no_column_takes_is_named_with_its_line(tmp_path: Path, text: str, says: str):
    with pytest.raises(DatasetError, match=says) as refusal:
        read(tmp_path, text)
    assert str(tmp_path / "subjects.csv") in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "subject,age\np1,31,,\n,,,,\n",
        "subject,age,,\np1,31\n",
        "subject;age\np1;31; ;\t\n",
        ",subject,age\n0,p1,31\n",
        'subject,age\r\n"p1","31"\r\n',
        "subject,age\rp1,31\r",
    ],
)
def test_empty_cells_and_columns_without_a_name_do_no_harm(tmp_path: Path, text: str):
    """Excel ends lines in commas, and pandas numbers its rows."""
    assert read(tmp_path, text) == [{"subject": "p1", "age": "31"}]

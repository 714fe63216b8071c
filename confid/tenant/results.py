"""What calls return: sequences of records that print and export themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from confid.errors import InvalidArgumentError, shown
from confid.ids.conference_id import ConferenceId
from confid.tenant.records import Record, html_view, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    import pandas as pd

    from confid.errors import ConfidError

R = TypeVar("R", bound=Record)


class Results(Sequence[R], Generic[R]):
    """Records in order, and the errors of the items without a record.

    A plain sequence of finished records: it holds no transaction and reads
    nothing later. `errors` is empty unless `error_action` lets the call go on after an error.
    """

    __slots__ = ("_records", "errors")

    def __init__(self, records: Iterable[R] = (), errors: Iterable[ConfidError] = ()) -> None:
        self._records = tuple(records)
        self.errors = tuple(errors)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Results[R]: ...
    def __getitem__(self, index: int | slice) -> R | Results[R]:
        if isinstance(index, slice):
            return Results(self._records[index])
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Results):
            return self._records == other._records
        if isinstance(other, (list, tuple)):
            return self._records == tuple(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have none

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} errors" if self.errors else ""
        return f"<Results: {len(self)} records{failed}>"

    def __str__(self) -> str:
        return view(self._records)

    def _repr_html_(self) -> str:
        return html_view(self._records)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else str(self))

    def to_dicts(
        self, names: Literal["powershell", "python"] = "powershell"
    ) -> list[dict[str, object]]:
        """The records as dicts, keyed by PowerShell's property names or Python's."""
        exported = [record.__powershell__() for record in self._records]
        if names == "powershell":
            return exported
        if names != "python":
            raise InvalidArgumentError(
                f"names={shown(names)}: there are 'powershell' and 'python'.", target=names
            )
        return [
            {_python_name(record, name): value for name, value in properties.items()}
            for record, properties in zip(self._records, exported, strict=True)
        ]

    def to_csv(self) -> str:
        """The text that `ConvertTo-Csv` writes, each line ended with a line feed."""
        from confid.powershell import to_csv  # noqa: PLC0415 - few callers export

        return "".join(f"{line}\n" for line in to_csv(self._records))

    def export_csv(
        self,
        path: str | PathLike[str],
        *,
        delimiter: str = ",",
        encoding: str = "utf8NoBOM",
        append: bool = False,
        no_clobber: bool = False,
        escape_formulas: bool = False,
    ) -> None:
        """Write the file that `Export-Csv` writes, completely or not at all.

        `encoding` is a PowerShell name (`utf8BOM`, `unicode`, `ascii`, …); `append` adds to what
        is there, in its encoding and columns; `no_clobber` refuses a file that exists;
        `escape_formulas` is for people who open the file in a spreadsheet. Raises
        `InvalidArgumentError` for an option or a path that can't be; the file is then as it was.
        """
        from confid.powershell import export_csv  # noqa: PLC0415 - few callers export

        export_csv(
            self._records,
            path,
            delimiter=delimiter,
            encoding=encoding,
            append=append,
            no_clobber=no_clobber,
            escape_formulas=escape_formulas,
        )

    def to_json(self) -> str:
        """The text that `ConvertTo-Json -AsArray` writes; identifiers as text, IDs as numbers."""
        from confid.powershell import to_json  # noqa: PLC0415 - few callers export

        return to_json(self._records, as_array=True, enums_as_strings=True)

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame by PowerShell's names: conference IDs as Int64, dates as dates.

        Raises `ModuleNotFoundError` without the `notebook` extra.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - heavy, and an extra
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "to_pandas() needs pandas: pip install 'confid[notebook]'.", name="pandas"
            ) from None

        rows = self.to_dicts()
        frame = pd.DataFrame(rows)
        for name in frame.columns:
            values = [value for row in rows if (value := row[name]) is not None]
            if values and all(isinstance(value, ConferenceId) for value in values):
                frame[name] = frame[name].astype("Int64")
        return frame


def _python_name(record: Record, powershell_name: str) -> str:
    return dict(record.powershell_properties())[powershell_name]

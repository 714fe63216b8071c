"""What calls return: sequences of records that print and export themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from confid.errors.tracebacks import ends_at_caller
from confid.tenant.display import echo, html_view, view
from confid.tenant.exported_values import FrameId
from confid.tenant.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    import pandas as pd

    from confid.errors import ConfidError

R = TypeVar("R", bound=Record)


class Results(Sequence[R], Generic[R]):  # noqa: PLW1641 - equal to lists, which have no hash
    """Records in order, and the errors of the items without a record.

    A plain sequence of finished records: it holds no transaction and reads
    nothing later. `errors` is empty unless `error_action` lets the call go on after an error.
    """

    __slots__ = ("_records", "errors")

    def __init__(self, records: Iterable[R] = (), errors: Iterable[ConfidError] = ()) -> None:
        self._records = tuple(records)
        self.errors: tuple[ConfidError, ...] = tuple(errors)

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

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} errors" if self.errors else ""
        return f"<Results: {len(self)} records{failed}>"

    def __str__(self) -> str:
        return view(self._records)

    def _repr_html_(self) -> str:
        return html_view(self._records)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("…" if cycle else echo(self._records))

    @ends_at_caller
    def to_dicts(
        self, names: Literal["powershell", "python"] = "powershell", *, plain: bool = False
    ) -> list[dict[str, object]]:
        """The records as dicts, as `to_dict` of each record gives them."""
        return [record.to_dict(names, plain=plain) for record in self._records]

    @ends_at_caller
    def to_csv(self) -> str:
        """The text that `ConvertTo-Csv` writes, each line ended with a line feed."""
        from confid.powershell import to_csv  # noqa: PLC0415 - few callers export

        return "".join(f"{line}\n" for line in to_csv(self._records))

    @ends_at_caller
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

    @ends_at_caller
    def export_clixml(self, path: str | PathLike[str], *, no_clobber: bool = False) -> None:
        """Write the file that `Export-Clixml` writes, completely or not at all.

        `no_clobber` refuses a file that exists. Raises as `export_csv` does.
        """
        from confid.powershell.formats.clixml import export_clixml  # noqa: PLC0415 - few callers export

        export_clixml(self._records, path, no_clobber=no_clobber)

    @ends_at_caller
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

        frame = pd.DataFrame(self)
        for name, column in frame.items():
            kinds = {type(value) for value in column} if column.dtype == object else set()
            if kinds - {type(None)} == {FrameId}:
                ids = [None if value is None else int(value) for value in column]
                frame[name] = pd.array(ids, dtype="Int64")
        return frame

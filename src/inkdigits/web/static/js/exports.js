// What leaves the page: text to the clipboard, CSV and JSON as files. The same columns as `inkdigits read --format list`.

const COLUMNS = ["source", "page", "line", "text", "confidence", "x", "y", "width", "height"];

function quote(value) {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Spreadsheets run cells that begin so; numbers such as -7 are no danger, names of files may be.
function guard(name) {
  return /^[=+@\-\t]/.test(name) ? `'${name}` : name;
}

export function toCsv(items) {
  const rows = [COLUMNS];
  for (const { name, reading } of items) {
    for (const number of reading.numbers) {
      rows.push([
        guard(name),
        number.page + 1,
        number.line + 1,
        number.text,
        number.confidence.toFixed(4),
        ...number.box,
      ]);
    }
    if (!reading.numbers.length) rows.push([guard(name), ...Array(COLUMNS.length - 1).fill("")]);
  }
  return rows.map((row) => `${row.map(quote).join(",")}\n`).join("");
}

export function toJson(items) {
  const plain = items.map(({ name, reading }) => {
    const { forms: _forms, pictures: _pictures, ...rest } = reading;
    return { ...rest, source: name };
  });
  return `${JSON.stringify(plain.length === 1 ? plain[0] : plain, null, 2)}\n`;
}

export function save(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

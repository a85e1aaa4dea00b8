// What people say that digits are, laid over what was read. No state, no page.

export const NONE = "none"; // not a digit

export function listDigits(reading) {
  return reading.numbers.flatMap((number) => number.digits);
}

// Digits and marks of a number from left to right, as the service joins them to its text.
export function listSigns({ digits, marks }) {
  const middle = ({ box }) => box[0] + box[2] / 2;
  return [...digits, ...marks].sort((a, b) => middle(a) - middle(b));
}

export function isCorrected(reading, labels) {
  return Boolean(labels) && listDigits(reading).some((digit, place) => digit.label !== labels[place]);
}

// The reading as the person has it: other labels, and without what is no digit.
export function applyLabels(reading, labels) {
  if (!isCorrected(reading, labels)) return reading;
  let place = 0;
  const numbers = [];
  for (const number of reading.numbers) {
    const digits = number.digits
      .map((digit) => {
        const label = labels[place++];
        return label === digit.label ? digit : { ...digit, label, confidence: 1, is_sure: true };
      })
      .filter(({ label }) => label !== NONE);
    if (!digits.length) continue;
    const changed = { ...number, digits };
    const text = listSigns(changed).map((sign) => (sign.is_sure ? sign.label : "?")).join("");
    const isSame = text === number.text;
    const value = isSame ? number.value : /^-?\d{1,15}$/.test(text) ? Number(text) : null;
    const confidence = listSigns(changed).reduce((product, sign) => product * sign.confidence, 1);
    numbers.push({ ...changed, text, value, confidence });
  }
  const lines = new Map();
  for (const { page, line, text } of numbers) {
    const key = `${page}/${line}`;
    lines.set(key, [...(lines.get(key) ?? []), text]);
  }
  const text = [...lines.values()].map((line) => line.join(" ")).join("\n");
  return { ...reading, numbers, text, rows: [], review: [], corrected: true };
}

// One part for each page that has digits: what is kept is one page with its picture.
export function splitPages(reading, labels) {
  const digits = listDigits(reading);
  const pageOf = reading.numbers.flatMap((number) => number.digits.map(() => number.page));
  const forms = reading.forms ?? null;
  return reading.pages.flatMap((size, page) => {
    const isHere = (_, place) => pageOf[place] === page;
    if (!digits.some(isHere)) return [];
    const { pictures: _pictures, corrected: _corrected, ...rest } = reading;
    const move = (thing) => ({ ...thing, page: 0 });
    return [
      {
        page,
        labels: labels ? labels.filter(isHere) : null,
        reading: {
          ...rest,
          text: reading.numbers.filter((number) => number.page === page).map(({ text }) => text).join("\n"),
          pages: [size],
          numbers: reading.numbers.filter((number) => number.page === page).map(move),
          rejected: reading.rejected.filter((item) => item.page === page).map(move),
          rows: [],
          review: [],
          forms: forms ? forms.filter(isHere) : null,
        },
      },
    ];
  });
}

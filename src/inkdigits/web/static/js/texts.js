// Every English text of the page. {name} is replaced.

export const texts = {
  title: "InkDigits reads handwritten numbers",
  skip: "Skip to the answer",
  close: "Close",
  "brand.label": "InkDigits, start again",
  "tabs.label": "Where the number comes from",
  "tabs.draw": "Draw",
  "tabs.upload": "Upload",
  "tabs.camera": "Camera",
  "tabs.review": "Review",
  "theme.toggle": "Switch between light and dark",
  "boxes.toggle": "Show boxes around what was found",

  "draw.hint": "Write a number here",
  "draw.canvas": "Drawing area",
  "draw.help":
    "Draw with a mouse, finger or pen. Control Z undoes, Control Shift Z redoes, Delete clears. To read a picture with the keyboard alone, choose Upload.",
  "draw.tools": "Drawing tools",
  "draw.undo": "Undo",
  "draw.redo": "Redo",
  "draw.clear": "Clear",
  "draw.pen": "Pen",
  "draw.cleared": "Cleared",

  "upload.title": "Drop pictures here",
  "upload.titleTouch": "Read a picture",
  "upload.sub": "PNG, JPEG, WebP, TIFF, BMP, GIF or PDF.",
  "upload.subMouse": "Or paste one from the clipboard.",
  "upload.choose": "Choose files",
  "upload.photo": "Take a photo",
  "upload.samples": "Or try one of these",
  "upload.sample": "Try the example: {name}",
  "upload.release": "Let go to read",
  "upload.tools": "Pictures",
  "upload.files": "Pictures that were read",
  "upload.file": "{name}: {state}",
  "upload.more": "Add pictures",
  "upload.remove": "Remove this picture",
  "upload.back": "Previous page",
  "upload.next": "Next page",
  "upload.page": "{page} / {pages}",
  "upload.picture": "Picture {name}",
  "upload.many": "Only the first {most} pictures were taken",
  "upload.reading": "reading",
  "upload.failed": "could not be read",
  "upload.wait": "waiting",

  "sample.amount": "a felt-tip amount",
  "sample.blackboard": "chalk on a blackboard",
  "sample.postal-code": "a postal code",
  "sample.list": "a list on ruled paper",

  "camera.title": "Point your camera at a number",
  "camera.sub": "Boxes follow what is found. Live frames go to this service only and are never kept.",
  "camera.start": "Start camera",
  "camera.stop": "Stop camera",
  "camera.switch": "Use the other camera",
  "camera.freeze": "Freeze",
  "camera.resume": "Resume",
  "camera.tools": "Camera tools",
  "camera.video": "Live picture of the camera",
  "camera.still": "Frozen picture of the camera",
  "camera.fps": "{fps} a second",
  "camera.denied": "The browser has no permission to use the camera. Allow it in the address bar, then start again.",
  "camera.missing": "No camera was found on this device.",
  "camera.insecure": "Browsers give the camera to pages over https or from this machine only.",
  "camera.failed": "The camera could not be started.",

  "answer.label": "Answer",
  "answer.title": "Reads as",
  "answer.idle.draw": "The answer appears while you write.",
  "answer.idle.upload": "The answer appears as soon as a picture is here.",
  "answer.idle.camera": "The answer follows the camera.",
  "answer.idle.review": "Kept answers appear here, one after the other.",
  "answer.blank": "No digits found here.",
  "answer.blankAside": "No digits found; see below what was set aside.",
  "answer.sure": "Sure.",
  "answer.less": "Fairly sure.",
  "answer.unsure": "Not sure.",
  "answer.one": "{percent} that this is right.",
  "answer.all": "{percent} that all digits are right.",
  "answer.weakest": "{percent} that all digits are right; look at the {label}.",
  "answer.many": "{digits} digits in {numbers} numbers; least sure of a {label}, {weakest}.",
  "answer.reading": "Reading",
  "answer.took": "{ms} ms",
  "answer.digits": "Digits",
  "answer.digit": "{label}, {small} sure, digit {place} of {number}",
  "answer.digitChanged": "{label}, corrected, {small}, digit {place} of {number}",
  "answer.more": "and {count} more",
  "answer.group": "Number {number}",
  "answer.chart": "Probability of each digit",
  "answer.chartOf": "Probability of each digit, for the marked {label}",
  "answer.copy": "Copy",
  "answer.copied": "Copied",
  "answer.notCopied": "The browser did not allow copying.",
  "answer.csvLabel": "Download as CSV",
  "answer.jsonLabel": "Download as JSON",
  "answer.aside.one": "1 thing set aside as no digit",
  "answer.aside.many": "{count} things set aside as no digits",
  "answer.spoken": "{text}. {verdict}",
  "answer.private.here": "Pictures are read in memory on this machine and never stored.",
  "answer.private.there": "Pictures are read in memory on {host} and never stored.",

  "why.ask": "Why {label}?",
  "why.for": "for {label}",
  "why.against": "against",
  "why.waiting": "Shown as soon as the writing or the camera rests.",
  "why.mostFor": "The ink {place} speaks most for {label}.",
  "why.mostAgainst": "The ink {place} speaks against it.",
  "why.nothing": "No part of the ink decides: with any of it covered, the answer hardly changes.",
  "why.place.top left": "at the top left",
  "why.place.top": "at the top",
  "why.place.top right": "at the top right",
  "why.place.left": "at the left",
  "why.place.middle": "in the middle",
  "why.place.right": "at the right",
  "why.place.bottom left": "at the bottom left",
  "why.place.bottom": "at the bottom",
  "why.place.bottom right": "at the bottom right",

  "judge.confirm": "That's right",
  "judge.confirmed": "Confirmed",
  "judge.corrected": "Corrected",
  "judge.hint": "Wrong? Mark the digit, then tap what it is.",
  "judge.keeping": "Being kept …",
  "judge.kept": "Kept to learn from.",
  "judge.notKept": "For this page only; nothing is stored.",
  "judge.keypad": "The marked {label} is really",
  "judge.none": "not a digit",
  "judge.was": "was {label}",
  "judge.spoken": "Digit {place} is now {label}",
  "judge.verdict.confirmed": "Confirmed by you.",
  "judge.verdict.corrected": "Corrected by you.",

  "keep.label": "Keep answers to learn from.",
  "keep.on":
    "On: what you confirm or correct, and unsure answers, are stored with their picture in {place}, until you delete them under Review.",
  "keep.off": "Off: nothing is stored.",
  "keep.title": "Keep answers to learn from?",
  "keep.text":
    "Then what you confirm or correct, and answers that the model is unsure of, are stored in {place}: the picture or drawing, what was read, and what you say it is. Whoever may use this service can see them under Review. You can delete them there at any time, and switch this off below the answer.",
  "keep.yes": "Keep answers",
  "keep.no": "Store nothing",
  "keep.failed": "It could not be kept.",
  "keep.place.file": "a file on this machine",
  "keep.place.file.there": "a file on {host}",
  "keep.place.database": "the database of this service",
  "keep.place.database.there": "the database of {host}",

  "review.which": "Which answers",
  "review.open": "To review {count}",
  "review.judged": "Judged {count}",
  "review.forgetAll": "Delete all",
  "review.forget": "Delete this answer",
  "review.forgetTitle": "Delete all kept answers?",
  "review.forgetText": "Pictures, readings and corrections of everyone who uses this service are deleted for good.",
  "review.forgetNo": "Keep them",
  "review.forgotten": "Deleted",
  "review.forgottenAll": "{count} kept answers were deleted.",
  "review.tools": "Kept answers",
  "review.list": "Kept answers",
  "review.item": "{text}, kept answer {place}",
  "review.picture": "Picture that was read as {text}",
  "review.noPicture": "This answer was kept without its picture.",
  "review.more": "more",
  "review.empty.open": "Nothing to review",
  "review.empty.judged": "Nothing judged yet",
  "review.sub.open": "Answers that the model is unsure of come here. Say what they are, and it can learn from you.",
  "review.sub.judged": "Answers that you confirm or correct come here.",
  "review.sub.off": "Nothing is kept until you switch on “Keep answers to learn from” below the answer.",

  "reason.speck": "Speck, too small for a digit",
  "reason.rule": "Ruled line or border",
  "reason.dash": "Dash, much wider than high",
  "reason.edge": "Edge of the sheet",
  "reason.smudge": "Smudge, it fades too slowly for a stroke",
  "reason.letter": "Part of a word",
  "reason.no digit": "Ink that looks like no digit",

  "problem.offline": "The service does not answer. Is it still running?",
  "problem.busy": "The service is busy; trying again.",

  "key.title": "This service needs a key",
  "key.text": "Ask whoever runs it. The key is kept until you close this tab.",
  "key.label": "API key",
  "key.send": "Continue",
  "key.wrong": "That key was not accepted.",

  "programs.open": "For programs",
  "programs.title": "For programs",
  "programs.text": "The same service answers programs. Send a picture, get numbers with boxes, confidence and alternatives.",
  "programs.examples": "Examples",
  "programs.code": `# one picture
curl -F file=@photo.jpg {origin}/v1/read

# several
curl -F files=@a.png -F files=@b.pdf {origin}/v1/read/batch

# the picture with boxes, as PNG
curl -F file=@photo.jpg -o boxes.png "{origin}/v1/read?format=annotated"

# sixteen digits with a check sum; unsure ones as "?"
curl -F file=@card.png "{origin}/v1/read?field=length=16,checksum=luhn&min_confidence=0.9"

# pen strokes, [x, y] or [x, y, seconds]
curl -H "Content-Type: application/json" {origin}/v1/strokes \\
  -d '{"strokes": [[[80, 70], [190, 64], [122, 226]], [[104, 150], [176, 142]]]}'

# a service with a key
curl -H "Authorization: Bearer KEY" -F file=@photo.jpg {origin}/v1/read`,
  "programs.openapi": "All routes, as OpenAPI",
};

export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

export function hasText(key) {
  return key in texts;
}

// Fills elements that name their text: data-text for the content, data-label for the accessible name.
export function applyTexts(root) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) {
    const label = t(element.dataset.label);
    element.setAttribute("aria-label", label);
    if (element.tagName === "BUTTON") element.title = label;
  }
}

// As the command line does: never rounded up to certainty.
export function percent(confidence) {
  if (confidence > 0.995) return "> 99 %";
  return `${Math.min(99, Math.round(100 * confidence))} %`;
}

// The same words for the same confidence everywhere.
export function judge(confidence, isSure = true) {
  if (!isSure || confidence < 0.7) return "unsure";
  return confidence >= 0.95 ? "sure" : "less";
}

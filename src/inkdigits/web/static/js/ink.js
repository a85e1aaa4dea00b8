// Strokes on a canvas: smooth lines whose width follows the pen's pressure. No state but the canvas.

const THIN = 0.55;
const THICK = 1.3;

function widthAt(point, penWidth) {
  return point.length > 3 ? penWidth * (THIN + (THICK - THIN) * point[3]) : penWidth;
}

function middle(a, b) {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

// Draws one stroke from its point number `from`; returns the number to go on from.
export function drawStroke(context, { points, width }, from = 0) {
  if (points.length === 1) {
    const [x, y] = points[0];
    context.beginPath();
    context.arc(x, y, Math.max(1, 0.6 * width), 0, 2 * Math.PI);
    context.fill();
    return 0;
  }
  for (let index = Math.max(1, from); index < points.length; index += 1) {
    const before = points[index - 1];
    const here = points[index];
    const start = index > 1 ? middle(points[index - 2], before) : before;
    const end = index === points.length - 1 ? here : middle(before, here);
    context.lineWidth = (widthAt(before, width) + widthAt(here, width)) / 2;
    context.beginPath();
    context.moveTo(start[0], start[1]);
    context.quadraticCurveTo(before[0], before[1], end[0], end[1]);
    context.stroke();
  }
  return points.length - 1;
}

export function prepare(canvas) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const wanted = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineCap = "round";
  context.lineJoin = "round";
  const colour = getComputedStyle(canvas).color;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  return context;
}

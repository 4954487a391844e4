// Shows a diagram so that it can be read: all of it where that fits, else its beginning, or the
// part around one element.
const WIDEST = 1;

export function frame(canvas, { smallest, margin, target = null }) {
  canvas.zoom('fit-viewport');
  const { inner, outer } = canvas.viewbox();
  if (!inner.width || !outer.width) return;
  const room = {
    width: outer.width - margin.left - margin.right,
    height: outer.height - margin.top - margin.bottom
  };
  const fits = Math.min(room.width / inner.width, room.height / inner.height, WIDEST);
  const scale = Math.max(fits, smallest);
  canvas.viewbox({
    x: start(inner.x, inner.width, margin.left, room.width, scale, target && target.x + target.width / 2),
    y: start(inner.y, inner.height, margin.top, room.height, scale, target && target.y + target.height / 2),
    width: outer.width / scale,
    height: outer.height / scale
  });
}

// Where the window begins on one axis, in the diagram's measure.
function start(begin, length, before, room, scale, middle) {
  const seen = room / scale;
  if (length <= seen) return begin - (seen - length) / 2 - before / scale;
  if (middle === null) return begin - before / scale;
  const wanted = middle - seen / 2;
  return Math.min(Math.max(wanted, begin), begin + length - seen) - before / scale;
}

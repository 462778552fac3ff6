// Draws a map of evidence over the picture: dark where little speaks for the movement, glowing where much does.

const SIDE = 256; // of the canvas, which the page stretches over the picture

/** The value of a G x G map at a place between its cells, interpolated linearly. */
function sample(map, side, x, y) {
  const at = (value) => Math.min(Math.max(value, 0), side - 1);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, low] = [x - left, y - top];
  const cell = (dx, dy) => map[at(top + dy) * side + at(left + dx)];
  return (1 - low) * ((1 - right) * cell(0, 0) + right * cell(1, 0)) + low * ((1 - right) * cell(0, 1) + right * cell(1, 1));
}

/** Draw a map of G x G values, 0 being the picture's average. */
export function drawHeat(canvas, map) {
  const side = Math.round(Math.sqrt(map.length));
  const most = Math.max(...map, 1e-9);
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  for (let y = 0, to = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, to += 4) {
      const value = sample(map, side, ((x + 0.5) * side) / SIDE - 0.5, ((y + 0.5) * side) / SIDE - 0.5);
      const heat = Math.min(Math.max(value / most, 0), 1);
      const near = Math.min(3 * heat, 1); // from a third of the strongest evidence on, nothing is dimmed
      const glow = [255, 214 - 154 * heat, 92 - 72 * heat];
      for (let c = 0; c < 3; c++) image.data[to + c] = near * glow[c];
      image.data[to + 3] = 255 * (near * 0.4 * heat + (1 - near) * 0.6);
    }
  }
  context.putImageData(image, 0, 0);
}

// The camera: fit, zoom and pan, by pointer, wheel and keys.

// The size of the stage, kept because reading it makes the browser lay out what has changed.
const stage = { width: 0, height: 0 };
function measure() {
  const { clientWidth, clientHeight } = byId("graph");
  Object.assign(stage, { width: clientWidth, height: clientHeight });
}

function applyCamera() {
  const { camera } = state, [x, y, zoom] = [camera.x, camera.y, camera.zoom].map((number) => Number(number.toFixed(4)));
  Object.assign(camera, { x, y, zoom }); // rounded as in the address
  picture.scene.setAttribute("transform", `translate(${x} ${y}) scale(${zoom})`);
}

function fit() {
  const { width, height } = stage, room = 28, under = 44;
  const zoom = Math.max(0.01, Math.min(1.5, (width - 2 * room) / picture.width, (height - room - under) / picture.height));
  state.camera = { zoom, x: (width - picture.width * zoom) / 2, y: Math.max(room, (height - under - picture.height * zoom) / 2) };
  state.camera.fitted = true;
  applyCamera();
}

// The initial camera: the whole picture, or the active box if that would be too small to read.
function resetCamera() {
  fit();
  const { zoom } = state.camera, box = picture.boxes.find((one) => one.members.includes(focus())) || picture.boxes.at(-1);
  if (zoom > 0.6) return;
  state.camera = { zoom: 0.75, x: stage.width / 2 - box.x * 0.75, y: stage.height / 2 - box.y * 0.75 };
  clampCamera();
  applyCamera();
}

// Leave no empty space on a side on which the picture continues.
function clampCamera() {
  const { camera } = state, room = 28;
  for (const [axis, length, size] of [["x", stage.width, picture.width], ["y", stage.height - 40, picture.height]]) {
    const least = length - room - size * camera.zoom;
    camera[axis] = least > room ? (least + room) / 2 : Math.min(room, Math.max(least, camera[axis]));
  }
}

function zoomBy(factor, x = stage.width / 2, y = stage.height / 2) {
  const camera = state.camera, zoom = Math.min(4, Math.max(0.05, camera.zoom * factor)), share = zoom / camera.zoom;
  state.camera = { zoom, x: x - (x - camera.x) * share, y: y - (y - camera.y) * share };
  applyCamera();
  saveAddress();
}

function pan(dx, dy) {
  state.camera = { zoom: state.camera.zoom, x: state.camera.x + dx, y: state.camera.y + dy };
  applyCamera();
  saveAddress();
}

function panTo(box) {
  const { zoom, x, y, fitted } = state.camera, left = box.x * zoom + x, top = box.y * zoom + y, room = 60;
  const dx = left < room ? room - left : left > stage.width - room ? stage.width - room - left : 0;
  const dy = top < room ? room - top : top > stage.height - room ? stage.height - room - top : 0;
  if ((dx || dy) && !fitted) pan(dx, dy);
}

let held = null, dragged = false;
byId("graph").addEventListener("pointerdown", (event) => { held = event; dragged = false; });
addEventListener("pointermove", (event) => {
  if (!held || event.pointerId !== held.pointerId) return;
  const [dx, dy] = [event.clientX - held.clientX, event.clientY - held.clientY];
  if (!dragged && Math.hypot(dx, dy) < 4) return;
  dragged = true;
  pan(dx, dy);
  held = event;
});
for (const type of ["pointerup", "pointercancel"]) addEventListener(type, () => { held = null; });
byId("graph").addEventListener("click", (event) => { if (event.target.id === "graph" && !dragged) choose(-1); });
byId("graph").addEventListener("wheel", (event) => {
  if (self !== top && !event.ctrlKey && !event.metaKey) return; // in a notebook the wheel scrolls
  event.preventDefault();
  const box = byId("graph").getBoundingClientRect();
  zoomBy(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

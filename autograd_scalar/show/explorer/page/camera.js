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

// The zoom at which a picture of this size fits the stage.
const ROOM = 18;
const fitZoom = ({ width, height }) =>
  Math.max(0.01, Math.min(1.5, (stage.width - 2 * ROOM) / width, (stage.height - 2 * ROOM) / height));

// Narrow windows show a view from top to bottom if it is larger then.
const goesDown = (view) => {
  const [across, down] = [fitZoom({ width: view[2], height: view[3] }), view[7] ? fitZoom({ width: view[7][0], height: view[7][1] }) : 0];
  return across < 0.9 && down > 1.05 * across;
};
const viewZoom = (view) => fitZoom(goesDown(view) ? { width: view[7][0], height: view[7][1] } : { width: view[2], height: view[3] });

function fit() {
  const zoom = fitZoom(picture);
  state.camera = { zoom, x: (stage.width - picture.width * zoom) / 2, y: (stage.height - picture.height * zoom) / 2 };
  state.camera.fitted = true;
  applyCamera();
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

byId("graph").addEventListener("click", (event) => { if (event.target.id === "graph" && !dragged) choose(-1); });
byId("graph").addEventListener("wheel", (event) => {
  if (self !== top && !event.ctrlKey && !event.metaKey) return; // in a notebook the wheel scrolls
  event.preventDefault();
  const box = byId("graph").getBoundingClientRect();
  zoomBy(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

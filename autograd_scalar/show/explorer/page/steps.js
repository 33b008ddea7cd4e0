// Steps through the two passes, and playback.

function go(time) {
  dropQuestion();
  state.time = Math.min(LAST, Math.max(0, time));
  update();
  const box = picture.boxes[picture.home[now.active]];
  if (box) panTo(box);
}

// Step forward or back; if groups are shown, until another box is active, without showing the steps on the way.
function step(direction) {
  if (direction > 0 && state.predict && ask()) return;
  const before = picture.home[now.active], grouped = picture.boxes.some((one) => one.group);
  let time = state.time, box;
  do box = picture.home[activeAt((time += direction))];
  while (grouped && (box === before || box === undefined) && time > count === now.seeded && time > 0 && time < LAST && time !== count);
  go(time);
}

function play(on) {
  clearInterval(playing);
  playing = on ? setInterval(() => { if (state.time === LAST || question) play(false); else step(1); }, Number(byId("speed").value)) : 0;
  byId("play").replaceChildren(icon(playing ? "pause" : "play"));
  byId("play").setAttribute("aria-label", playing ? "pause" : "play");
}

function toggle() {
  if (!playing && state.time === LAST) go(0);
  play(!playing);
}

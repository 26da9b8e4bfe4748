// How it goes, once a second; the picture is the browser's own business.
const line = document.getElementById("status");
setInterval(async () => {
  try { line.textContent = (await (await fetch("status.json")).json()).status; }
  catch { line.textContent = "It has ended."; }
}, 1000);

// Renews the sections of the page every few seconds. Without this script the page is whole too.
"use strict";
(() => {
  const SECONDS = 5;
  const bar = document.getElementById("live");
  const text = document.getElementById("live-text");
  const pause = document.getElementById("pause");
  let paused = false;

  // What a person is in the middle of is left alone: a form with something in it, or the focus.
  const busy = (section) => {
    const focus = document.activeElement;
    if (focus && focus !== document.body && section.contains(focus)) return true;
    return [...section.querySelectorAll("input:not([type=hidden])")].some((field) =>
      field.type === "radio" ? field.checked : field.value !== "");
  };

  const renew = (section, fresh) => {
    for (const old of section.querySelectorAll("details[id][open]")) {
      const same = fresh.querySelector("#" + CSS.escape(old.id));
      if (same) same.open = true;
    }
    const scrolled = [...section.querySelectorAll(".scroll")].map((box) => [box.scrollTop, box.scrollLeft]);
    section.replaceWith(fresh);
    [...fresh.querySelectorAll(".scroll")].forEach((box, index) => {
      if (scrolled[index]) [box.scrollTop, box.scrollLeft] = scrolled[index];
    });
  };

  // Said once: a screen reader is told of a change, not of every tick.
  const say = (words) => {
    if (text.textContent !== words) text.textContent = words;
  };

  const look = async () => {
    if (paused || document.hidden) return;
    let reply;
    try {
      reply = await fetch("live", { headers: { Accept: "text/html" }, redirect: "error" });
    } catch {
      say("The bridge does not answer; trying again.");
      return;
    }
    if (reply.status === 401) {
      location.assign("login");
      return;
    }
    if (!reply.ok) {
      say("The bridge does not answer as it should; trying again.");
      return;
    }
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const section of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(section.id);
      if (other && !busy(section) && other.innerHTML !== section.innerHTML) renew(section, other);
    }
    bar.dataset.renewed = String(Number(bar.dataset.renewed || 0) + 1);
    say("Renewed every " + SECONDS + " seconds.");
  };

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    say(paused ? "Updates are paused." : "Renewed every " + SECONDS + " seconds.");
    look();
  });
  document.addEventListener("visibilitychange", look);
  say("Renewed every " + SECONDS + " seconds.");
  bar.hidden = false;
  setInterval(look, SECONDS * 1000);
})();

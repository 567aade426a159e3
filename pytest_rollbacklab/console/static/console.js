/* The console's script. Every page works without it; with it, pages keep themselves up to date.
 *
 * What a template can use (attributes, no calls):
 *
 *   id="x" data-live           A region that follows the lab: when something changes there, or every data-live-every
 *                              seconds if that is given, the page is fetched again and the region's content swapped.
 *                              Focus, scroll, open <details> (with an id) and what is being typed are kept.
 *   data-say="prod: healthy"   In a live region: told to screen readers when it has changed after a swap. Needs an id.
 *   data-follow="<SSE url>"    A list (ol, tbody ...) that grows: for each event "line" its data.html is appended. The
 *                              script asks with html=1 added, upon which the server renders ServerEvent.template into
 *                              data.html with the data as `line`. On "end" it stops and live regions are brought up to
 *                              date. When hidden, the page stops listening, and begins anew when it is shown again.
 *     data-follow-whole        The stream starts with everything so far: what is there is replaced at each beginning.
 *     data-follow-newest-first New lines come first instead of last.
 *     data-follow-limit="500"  Only so many lines are kept; 2000 if not said.
 *     data-follow-off          Does not start by itself, but by a switch:
 *   <button type="button" data-follow-switch="<id>" aria-pressed="false" hidden>Follow</button>
 *   <time datetime title><span data-ago>   (the filter `when` writes it) is kept fresh.
 *   <form data-confirm="One sentence that says what will happen.">   asks before it is sent.
 *   <button type="button" data-copy="text" data-copied="Copied" hidden>Copy</button>
 *   <details class="ask">      A button that opens a small form; closes on Escape and on a click elsewhere.
 *   <input data-unlocks="prod"> The form's button stays off until exactly this is typed (the server checks it too).
 *   data-stick                 A scrolled box that stays at its end while lines are added, unless scrolled up.
 */
"use strict";
(() => {
  const body = document.body;
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const announce = (text) => { document.getElementById("announce").textContent = text; };

  /* -- times ---------------------------------------------------------------------------------------------------- */

  const STEPS = [86400, 3600, 60, 1];
  const A_DATE = 14 * 86400;

  function ago(moment) {
    const seconds = (Date.now() - moment) / 1000;
    if (seconds < 5) return body.dataset.justNow;
    if (seconds >= A_DATE) return null;
    const step = STEPS.find((size) => seconds >= size);
    return body.getAttribute(`data-ago-${step}`).replace("{n}", Math.floor(seconds / step));
  }

  function freshenTimes(root = document) {
    for (const shown of all("time[datetime] > [data-ago]", root)) {
      const text = ago(Date.parse(shown.parentElement.dateTime));
      if (text !== null && shown.textContent !== text) shown.textContent = text;
    }
  }

  /* -- live regions --------------------------------------------------------------------------------------------- */

  const FOCUSABLE = "a[href], button, input, select, textarea, summary";
  const sources = new WeakMap();
  const kinship = (element) =>
    [element.tagName, element.name, element.getAttribute("href"), element.textContent.trim(),
     element.closest("form")?.getAttribute("action"), element.closest("[id]")?.id].join("\u0000");
  const busy = (region) =>
    region.querySelector("dialog[open], details.ask[open]") !== null ||
    [...all("input, textarea", region)].some((field) =>
      !["hidden", "submit", "checkbox", "radio"].includes(field.type) && field.value !== field.defaultValue);

  // What a region says, without how long ago things were: that is kept fresh here.
  const source = (region) => region.innerHTML.replace(/(<span data-ago[^>]*>)[^<]*/g, "$1");

  function swap(region, fresh) {
    if (sources.get(region) === source(fresh) || busy(region)) return;
    const said = new Map([...all("[data-say][id]", region)].map((element) => [element.id, element.dataset.say]));
    const open = [...all("details[open][id]", region)].map((element) => element.id);
    const scrolled = [...all("[data-keep-scroll][id]", region)].map((box) => [box.id, box.scrollLeft, box.scrollTop]);
    const active = document.activeElement;
    const focus = region.contains(active) ? kinship(active) : null;
    sources.set(region, source(fresh));
    region.hidden = fresh.hidden;
    region.replaceChildren(...document.importNode(fresh, true).childNodes);
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    scrolled.forEach(([id, left, top]) => document.getElementById(id)?.scrollTo(left, top));
    if (focus !== null) [...all(FOCUSABLE, region)].find((element) => kinship(element) === focus)?.focus({preventScroll: true});
    const news = [...all("[data-say][id]", region)].filter((element) => said.get(element.id) !== element.dataset.say);
    if (news.length) announce(news.map((element) => element.dataset.say).join(". "));
    prepare(region);
  }

  let fetching = false, fetchAgain = false;

  async function refresh() {
    if (fetching) { fetchAgain = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, {headers: {Accept: "text/html"}, cache: "no-store"});
      offline(false);
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.title = page.title;
        for (const region of all("[data-live][id]")) {
          const fresh = page.getElementById(region.id);
          if (fresh) swap(region, fresh);
        }
      }
    } catch { offline(true); }
    fetching = false;
    if (fetchAgain) { fetchAgain = false; refresh(); }
  }

  let soon = 0;
  const refreshSoon = () => { clearTimeout(soon); soon = setTimeout(refresh, 250); };
  const offline = (is) => { document.getElementById("offline").hidden = !is; };

  /* -- streams: a browser allows six connections to a server, so that a page nobody looks at lets go of its own --- */

  const streams = new Map();

  function listen(key, url, handlers) {
    if (streams.has(key)) return;
    const source = new EventSource(url);
    streams.set(key, source);
    let lost = false;
    source.addEventListener("open", () => {
      offline(false);
      if (lost) { lost = false; refreshSoon(); }  // what changed meanwhile was not heard of
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) { streams.delete(key); refreshSoon(); return; }  // refused
      lost = true;  // the browser tries again by itself
      offline(true);
    });
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  }

  function letGo(key) { streams.get(key)?.close(); streams.delete(key); }

  function watchChanges() {
    if (document.querySelector("[data-live]")) listen(body, body.dataset.events, {changed: refreshSoon});
  }

  function follow(list) {
    const url = new URL(list.dataset.follow, location.href);
    url.searchParams.set("html", "1");
    const newestFirst = "followNewestFirst" in list.dataset;
    const limit = Number(list.dataset.followLimit || 2000);
    let begun = !("followWhole" in list.dataset);
    const box = list.closest("[data-stick]");
    listen(list, url, {
      line: (data) => {
        const atEnd = box && box.scrollHeight - box.scrollTop - box.clientHeight < 40;
        if (!begun) { list.replaceChildren(); begun = true; }
        const rows = document.createElement("template");
        rows.innerHTML = data.html;
        freshenTimes(rows.content);
        list[newestFirst ? "prepend" : "append"](rows.content);
        while (list.childElementCount > limit) list[newestFirst ? "lastElementChild" : "firstElementChild"].remove();
        if (box && atEnd) box.scrollTop = box.scrollHeight;
      },
      end: () => { letGo(list); list.dataset.ended = ""; refresh(); },
      failed: () => { letGo(list); refresh(); },
    });
    // A stream that begins anew (the browser tried again by itself) brings everything again.
    streams.get(list)?.addEventListener("open", () => { begun = begun && !("followWhole" in list.dataset); });
  }

  function followAll() {
    for (const list of all("[data-follow]")) {
      if (!("followOff" in list.dataset) && !("ended" in list.dataset)) follow(list);
    }
  }

  function listenToAll() { watchChanges(); followAll(); }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { [...streams.keys()].forEach(letGo); return; }
    listenToAll();
    refresh();
  });
  addEventListener("pagehide", () => [...streams.keys()].forEach(letGo));
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("button[aria-busy]").forEach((button) => { button.disabled = false; button.removeAttribute("aria-busy"); });
    listenToAll();
    refresh();
  });

  /* -- what people do ------------------------------------------------------------------------------------------- */

  function ask(form, submitter) {
    const dialog = document.getElementById("confirm");
    document.getElementById("confirm-text").textContent = form.dataset.confirm;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "";
      form.requestSubmit(submitter);
    }, {once: true});
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.dataset.confirm && !("confirmed" in form.dataset)) {
      event.preventDefault();
      ask(form, event.submitter);
      return;
    }
    delete form.dataset.confirmed;
    const button = event.submitter;
    if (button && form.method === "post") {
      setTimeout(() => { button.disabled = true; button.setAttribute("aria-busy", "true"); });
    }
  });

  document.addEventListener("click", async (event) => {
    for (const menu of all("details.ask[open]")) if (!menu.contains(event.target)) menu.open = false;
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      const label = copy.textContent;
      copy.textContent = copy.dataset.copied;
      announce(copy.dataset.copied);
      setTimeout(() => { copy.textContent = label; }, 1500);
    }
    const toggle = event.target.closest("[data-follow-switch]");
    if (toggle) {
      const list = document.getElementById(toggle.dataset.followSwitch);
      const on = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(on));
      if (on) { delete list.dataset.followOff; follow(list); } else { list.dataset.followOff = ""; letGo(list); }
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.ask[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.ask[open]")) event.target.querySelector("input:not([type=hidden]), textarea, button")?.focus();
  }, true);

  function unlock(field) {
    const button = [...field.form.elements].find((element) => element.type === "submit");
    button.disabled = field.value.trim() !== field.dataset.unlocks;
  }
  document.addEventListener("input", (event) => { if (event.target.matches("[data-unlocks]")) unlock(event.target); });

  /* -- the beginning -------------------------------------------------------------------------------------------- */

  function prepare(root) {
    freshenTimes(root);
    all("[data-copy], [data-follow-switch]", root).forEach((button) => { button.hidden = false; });
    all("[data-unlocks]", root).forEach(unlock);
    all("[data-stick]", root).forEach((box) => { box.scrollTop = box.scrollHeight; });
  }

  for (const region of all("[data-live][id]")) sources.set(region, source(region));
  prepare(document);
  setInterval(freshenTimes, 5000);
  if (!document.hidden) listenToAll();
  const every = Math.min(...[...all("[data-live-every]")].map((region) => Number(region.dataset.liveEvery)));
  if (Number.isFinite(every)) setInterval(() => { if (!document.hidden) refresh(); }, every * 1000);
})();

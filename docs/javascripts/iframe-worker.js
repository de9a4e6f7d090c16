// Search runs in a web worker, and browsers start none for a page that was opened from disk. Here a
// hidden frame takes its place; the theme then reads the index that the `offline` plugin writes.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(script) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.ready = new Promise((loaded, failed) => {
        const tag = inside.document.createElement("script");
        tag.src = script;
        tag.onload = () => loaded(inside);
        tag.onerror = () => failed(new Error(`${script} cannot be loaded`));
        inside.document.body.append(tag);
      });
    }

    async postMessage(data) {
      (await this.ready).dispatchEvent(new MessageEvent("message", { data }));
    }
  };
}

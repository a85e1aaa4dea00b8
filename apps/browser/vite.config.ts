import { readdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

/** Writes sw.js with the list of all files, so that the app works without a network after the first visit. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: (config, { command }) => command === "build" && !config.build?.ssr,
    generateBundle(_, bundle) {
      const fixed = ["public", "public/models"].flatMap((folder) =>
        readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => `${folder.replace(/^public\/?/, "")}/${entry.name}`.replace(/^\//, "")),
      );
      const files = ["index.html", ...Object.keys(bundle), ...fixed].filter((name, i, all) => all.indexOf(name) === i);
      const version = createHash("sha256").update(JSON.stringify(files) + Date.now()).digest("hex").slice(0, 12);
      const source = `const CACHE = ${JSON.stringify(`inkdigits-${version}`)};
const FILES = ${JSON.stringify(files.map((name) => `./${name}`))};
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== location.origin) return;
  event.respondWith(
    caches.match(event.request, { ignoreSearch: true }).then((kept) => kept
      ?? (event.request.mode === "navigate" ? caches.match("./index.html").then((page) => page ?? fetch(event.request)) : fetch(event.request))),
  );
});
`;
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

export default defineConfig({
  base: "./",
  build: { target: "es2022", assetsInlineLimit: 0 },
  plugins: [serviceWorker()],
});

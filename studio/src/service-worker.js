// Keeps the studio at hand without a network: every file of the build is fetched at the first visit. The page itself is asked of the network first, so
// that a new build is seen at once; what it then loads has its hash in its name, and comes from the cache.
const version = 'VERSION';
const files = 'FILES';
const cacheName = `chainrule-studio-${version}`;

self.addEventListener('install', event => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then(cache => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', event => {
  event.waitUntil(
    caches
      .keys()
      .then(names => {
        // The build before this one stays: a page of it may still be open, and load a lab.
        const old = names.filter(name => name.startsWith('chainrule-studio-') && name !== cacheName).slice(0, -1);
        return Promise.all(old.map(name => caches.delete(name)));
      })
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : fromCacheFirst(request));
});

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match('index.html')) ?? Response.error();
  }
}

async function fromCacheFirst(request) {
  return (await caches.match(request)) ?? fetch(request);
}

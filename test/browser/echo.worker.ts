self.addEventListener('message', (event: MessageEvent<number>) => {
  self.postMessage({ doubled: event.data * 2, isolated: self.crossOriginIsolated });
});

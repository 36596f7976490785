// The signer that asks presign-server.mjs, for `--signer` and for `openSession({ sign })` alike.
//   PRESIGN_URL=http://127.0.0.1:8080 FACILITY_TOKEN=… alibi-zarr segment … --signer presign-client.mjs

/** A signer for one server of addresses; in a page, `authorization` is what the facility's login gave. */
export function presignedBy(server, authorization) {
  return async ({ method, url }) => {
    const response = await fetch(server, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ method, url }),
    });
    if (!response.ok) throw new Error(`${server} answered ${response.status} to ${method} ${url}`);
    return { url: (await response.json()).url };
  };
}

export const sign = (request) =>
  presignedBy(process.env.PRESIGN_URL ?? '', `Bearer ${process.env.FACILITY_TOKEN}`)(request);

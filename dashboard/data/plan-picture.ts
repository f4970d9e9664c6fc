/** Pictures of floors: made small enough before they are sent, sent with progress, shown from what was fetched. */
import { useQuery } from '@tanstack/react-query';
import { refusalOf, unreachable } from '#client/errors';
import { api } from './api.ts';
import { accessToken } from './session.ts';
import { useSiteId } from './site.tsx';

/** What the server takes (contract/floor-plans.ts), without the schemas beside it. */
const mostBytes = 4 * 1024 * 1024;
/** Sides beyond this show no more on any screen. */
const longestSide = 4000;

/** The picture, drawn smaller where a phone has made it larger than is taken; what cannot be drawn is for the server to judge. */
async function fitted(file: File): Promise<Blob> {
  const image = await createImageBitmap(file).catch(() => undefined);
  if (image === undefined) return file;
  const scale = Math.min(1, longestSide / Math.max(image.width, image.height));
  if (scale === 1 && file.size <= mostBytes) return file;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const drawn = await new Promise<Blob | null>((done) => {
    canvas.toBlob(done, 'image/webp', 0.85);
  });
  return drawn ?? file;
}

type Upload = {
  readonly siteId: string;
  readonly floorId: string;
  readonly file: File;
  /** From 0 to 1. */
  readonly onProgress: (part: number) => void;
};

/** Gives a floor its picture; throws CardeaError. */
export async function sendPlanPicture({
  siteId,
  floorId,
  file,
  onProgress,
}: Upload): Promise<void> {
  const picture = await fitted(file);
  const url = `${location.origin}/ext/v1/sites/${siteId}/floors/${floorId}/plan/image`;
  for (const isRefused of [false, true]) {
    const response = await put(url, picture, {
      token: (await accessToken({ isRefused })) ?? '',
      onProgress,
    });
    if (response.ok) return;
    if (response.status !== 401 || isRefused) throw refusalOf(response, await response.text());
  }
}

/** `fetch` tells nothing of how far an upload is. */
function put(
  url: string,
  picture: Blob,
  { token, onProgress }: { readonly token: string } & Pick<Upload, 'onProgress'>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.setRequestHeader('accept', 'application/json, application/problem+json');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('error', () => reject(unreachable(new TypeError('no answer'))));
    request.addEventListener('load', () => {
      const requestId = request.getResponseHeader('x-request-id');
      const headers = requestId === null ? {} : { 'x-request-id': requestId };
      resolve(new Response(request.responseText, { status: request.status, headers }));
    });
    request.send(picture);
  });
}

/** The address of a floor's picture inside this page; undefined while it is fetched. `digest` = which picture. */
export function usePlanPicture(floorId: string, digest: string) {
  const siteId = useSiteId();
  const picture = useQuery({
    queryKey: ['plan-picture', siteId, floorId, digest],
    queryFn: async ({ signal }) => {
      const path = { site_id: siteId, id: floorId };
      const image = '/ext/v1/sites/{site_id}/floors/{id}/plan/image';
      return dataUrlOf((await api.download(image, { path, signal })).blob);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { url: picture.data, error: picture.error, refetch: picture.refetch };
}

/** An address that lasts as long as the text does, and is forgotten with it. */
function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('loadend', () => {
      if (typeof reader.result === 'string') resolve(reader.result);
      else reject(reader.error ?? new Error('the picture cannot be read'));
    });
    reader.readAsDataURL(blob);
  });
}

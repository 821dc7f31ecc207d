// The address of a drawn picture at the size at which it is shown.

interface Drawn {
  url: string;
  width: number;
}

/** A WebP of about this many pixels in width. A picture that is no wider is shown as it is, without loss. */
export function thumbnail({ url, width }: Drawn, wanted: number): string {
  return width <= wanted ? url : `${url}?format=webp&width=${wanted}`;
}

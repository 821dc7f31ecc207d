// Line drawings, 20×20. They are ornaments beside words, so they are hidden from screen readers.

const SHAPES = {
  library: "M3 4h5v12H3zM8 4h4v12H8zM12.6 4.8l3.4-.9 2.6 11.6-3.4.8z",
  teach: "M10 3v14M3 10h14",
  draw: "M3 17l1-4L13.5 3.5l3 3L7 16zM11.5 5.5l3 3",
  queue: "M3 5h14M3 10h14M3 15h8",
  star: "M10 3l2.2 4.6 5 .7-3.6 3.5.9 5-4.5-2.4-4.5 2.4.9-5L2.8 8.3l5-.7z",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  close: "M5 5l10 10M15 5L5 15",
  before: "M12.5 4l-6 6 6 6",
  after: "M7.5 4l6 6-6 6",
  download: "M10 3v10M5.5 9l4.5 4.5L14.5 9M4 17h12",
  picture: "M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M12.5 8h.1",
  camera: "M3 6h3.5L8 4h4l1.5 2H17v10H3zM10 8.2a2.8 2.8 0 1 0 .01 0z",
  adjust: "M6 3v11h11M3 6h11v11",
  check: "M4 10.5l4 4 8-9",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}

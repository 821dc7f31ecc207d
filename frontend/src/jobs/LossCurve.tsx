// How the loss falls, drawn by uPlot: faint what each step's own batch lost, strong the fixed evaluation batch.
import { useEffect, useRef } from "react";
import uPlot from "uplot";

import type { Point } from "./jobEvents";

const HEIGHT = 190;

function columns(points: readonly Point[]): uPlot.AlignedData {
  return [
    points.map((point) => point.step),
    points.map((point) => point.loss),
    points.map((point, place) => (point.evaluation === points[place - 1]?.evaluation ? null : point.evaluation)),
  ];
}

function options(width: number, style: CSSStyleDeclaration): uPlot.Options {
  const soft = style.getPropertyValue("--ink-faint");
  const axis: uPlot.Axis = {
    stroke: soft,
    font: "12px 'Instrument Sans Variable', sans-serif",
    grid: { stroke: style.getPropertyValue("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 16, 0, 0], // at the right, room for half of "3000" below the last step
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false } },
    axes: [
      { ...axis, grid: { show: false }, space: 60 },
      { ...axis, size: 44, space: 40, values: (_, ticks) => ticks.map((tick) => tick.toFixed(2)) },
    ],
    series: [
      {},
      { stroke: style.getPropertyValue("--line-strong"), width: 1.25, points: { show: false } },
      { stroke: style.getPropertyValue("--ink"), width: 2.25, points: { show: true, size: 5 }, spanGaps: true },
    ],
  };
}

export function LossCurve({ points }: { points: readonly Point[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(points);

  useEffect(() => {
    const holder = box.current;
    if (holder === null) return;
    const theme = matchMedia("(prefers-color-scheme: dark)");
    function draw() {
      if (holder === null) return;
      plot.current?.destroy();
      plot.current = new uPlot(options(holder.clientWidth, getComputedStyle(holder)), columns(latest.current), holder);
    }
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: holder.clientWidth, height: HEIGHT }));
    resized.observe(holder);
    theme.addEventListener("change", draw);
    return () => {
      theme.removeEventListener("change", draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    latest.current = points;
    plot.current?.setData(columns(points));
  }, [points]);

  const first = points.find((point) => point.evaluation !== null)?.evaluation;
  const best = Math.min(...points.flatMap((point) => point.evaluation ?? []));
  const said =
    first == null ? "No loss is measured yet." : `Evaluation loss: ${first.toFixed(3)} at first, ${best.toFixed(3)} at best.`;
  return (
    <figure className="curve">
      <div ref={box} role="img" aria-label={said} />
      <figcaption className="small soft">
        <span className="key strong" /> how well it fits the pictures <span className="key" /> each single step. Lower is
        better.
      </figcaption>
    </figure>
  );
}

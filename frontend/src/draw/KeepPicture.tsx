// The star that keeps a drawn picture when old ones are removed.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { answer, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { DrawnImage } from "../api/types";
import { useMe } from "../session/currentUser";
import { Icon } from "../ui/Icon";
import { Problems } from "../ui/Notice";

interface KeepPictureProps {
  image: DrawnImage;
  /** Everybody who draws may keep a picture; letting it go is for the person who asked for it, and for administrators. */
  mayLetGo: boolean;
}

export function KeepPicture({ image, mayLetGo }: KeepPictureProps) {
  const { limits } = useMe();
  const [kept, setKept] = useState(image.kept);
  const change = useMutation({
    mutationFn: (keep: boolean) => {
      const params = { params: { path: { image_id: image.id } } };
      return answer(keep ? api.PUT("/api/images/{image_id}/kept", params) : api.DELETE("/api/images/{image_id}/kept", params));
    },
    onMutate: setKept,
    onError: (_, keep) => {
      setKept(!keep);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["generations"] }),
  });
  const days = limits.drawings_days;
  return (
    <>
      <button
        type="button"
        className="button quiet keep"
        aria-pressed={kept}
        title={days > 0 && !kept ? `It goes ${days} days after it was drawn, unless it is kept.` : undefined}
        disabled={change.isPending || (kept && !mayLetGo)}
        onClick={() => {
          change.mutate(!kept);
        }}
      >
        <Icon name="star" /> {kept ? "Kept" : "Keep"}
      </button>
      <Problems of={[change]} />
    </>
  );
}

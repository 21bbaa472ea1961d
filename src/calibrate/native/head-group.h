#pragma once
#include "paged-kv.h"

namespace raas {

/** Query heads that share a KV head; throws Error unless it is a whole number up to 16, which a tile of tensor cores holds. */
inline int64_t group_of(const Shape& shape) {
  const int64_t query_heads = size_in(shape, "queryHeads"), kv_heads = size_in(shape, "kvHeads");
  if (query_heads % kv_heads != 0 || query_heads / kv_heads > 16)
    throw Error("queryHeads " + std::to_string(query_heads) + " is not allowed; expected 1 to 16 times kvHeads " + std::to_string(kv_heads));
  return query_heads / kv_heads;
}

/** A shape for a PagedKv, with sizes that a problem does not ask for. */
inline Shape with(Shape shape, const Shape& more) {
  shape.insert(more.begin(), more.end());
  return shape;
}

}  // namespace raas

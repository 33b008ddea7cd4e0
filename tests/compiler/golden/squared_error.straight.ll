declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 320, i1 false)
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 40, i1 false)
  %t2 = load double, ptr %shared
  %v1 = getelementptr double, ptr %shared, i64 1
  %t3 = load double, ptr %v1
  br i1 %some, label %yes2, label %no3
yes2:
  %v5 = load ptr, ptr %columns
  %v6 = load i64, ptr %strides
  %v7 = getelementptr double, ptr %columns, i64 1
  %v8 = load ptr, ptr %v7
  %v9 = getelementptr double, ptr %strides, i64 1
  %v10 = load i64, ptr %v9
  %v11 = sub i64 %rows, 1
  %v12 = add i64 %rows, 3
  %v13 = udiv i64 %v12, 4
  br label %loop14
loop14:
  %i16 = phi i64 [ 0, %yes2 ], [ %i17, %loop14 ]
  %v18 = mul i64 %i16, 4
  %v19 = add i64 %v18, 0
  %v20 = icmp slt i64 %v19, %rows
  %v21 = select i1 %v20, i64 %v19, i64 %v11
  %v22 = add i64 %v18, 1
  %v23 = icmp slt i64 %v22, %rows
  %v24 = select i1 %v23, i64 %v22, i64 %v11
  %v25 = add i64 %v18, 2
  %v26 = icmp slt i64 %v25, %rows
  %v27 = select i1 %v26, i64 %v25, i64 %v11
  %v28 = add i64 %v18, 3
  %v29 = icmp slt i64 %v28, %rows
  %v30 = select i1 %v29, i64 %v28, i64 %v11
  %v31 = mul i64 %v21, %v6
  %v32 = getelementptr i8, ptr %v5, i64 %v31
  %v33 = mul i64 %v24, %v6
  %v34 = getelementptr i8, ptr %v5, i64 %v33
  %v35 = mul i64 %v27, %v6
  %v36 = getelementptr i8, ptr %v5, i64 %v35
  %v37 = mul i64 %v30, %v6
  %v38 = getelementptr i8, ptr %v5, i64 %v37
  %v39 = load double, ptr %v32
  %v40 = insertelement <4 x double> poison, double %v39, i32 0
  %v41 = load double, ptr %v34
  %v42 = insertelement <4 x double> %v40, double %v41, i32 1
  %v43 = load double, ptr %v36
  %v44 = insertelement <4 x double> %v42, double %v43, i32 2
  %v45 = load double, ptr %v38
  %t0 = insertelement <4 x double> %v44, double %v45, i32 3
  %v46 = mul i64 %v21, %v10
  %v47 = getelementptr i8, ptr %v8, i64 %v46
  %v48 = mul i64 %v24, %v10
  %v49 = getelementptr i8, ptr %v8, i64 %v48
  %v50 = mul i64 %v27, %v10
  %v51 = getelementptr i8, ptr %v8, i64 %v50
  %v52 = mul i64 %v30, %v10
  %v53 = getelementptr i8, ptr %v8, i64 %v52
  %v54 = load double, ptr %v47
  %v55 = insertelement <4 x double> poison, double %v54, i32 0
  %v56 = load double, ptr %v49
  %v57 = insertelement <4 x double> %v55, double %v56, i32 1
  %v58 = load double, ptr %v51
  %v59 = insertelement <4 x double> %v57, double %v58, i32 2
  %v60 = load double, ptr %v53
  %t1 = insertelement <4 x double> %v59, double %v60, i32 3
  %v61 = insertelement <4 x double> poison, double %t2, i32 0
  %v62 = shufflevector <4 x double> %v61, <4 x double> poison, <4 x i32> zeroinitializer
  %t4 = fmul <4 x double> %v62, %t0
  %v63 = insertelement <4 x double> poison, double %t3, i32 0
  %v64 = shufflevector <4 x double> %v63, <4 x double> poison, <4 x i32> zeroinitializer
  %t5 = fadd <4 x double> %t4, %v64
  %t6 = fsub <4 x double> %t5, %t1
  %t7 = fmul <4 x double> %t6, %t6
  %t8 = fadd <4 x double> %t6, %t6
  %t9 = fmul <4 x double> %t0, %t8
  %t10 = fmul <4 x double> %v62, %t8
  %t12 = fadd <4 x double> %t10, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %t13 = fsub <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>, %t8
  %t14 = fadd <4 x double> %t9, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %t15 = fadd <4 x double> %t8, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v65 = sub i64 %rows, %v18
  %v66 = icmp slt i64 %v65, 4
  %v67 = getelementptr double, ptr %scratch, i64 20
  %v68 = select i1 %v66, ptr %v67, ptr %scratch
  %v69 = load <4 x double>, ptr %v68, align 8
  %v70 = fadd <4 x double> %v69, %t7
  store <4 x double> %v70, ptr %v68, align 8
  %v71 = getelementptr double, ptr %v68, i64 4
  %v72 = load <4 x double>, ptr %v71, align 8
  %v73 = fadd <4 x double> %v72, %t10
  store <4 x double> %v73, ptr %v71, align 8
  %v74 = getelementptr double, ptr %v68, i64 8
  %v75 = load <4 x double>, ptr %v74, align 8
  %v76 = fadd <4 x double> %v75, %t13
  store <4 x double> %v76, ptr %v74, align 8
  %v77 = getelementptr double, ptr %v68, i64 12
  %v78 = load <4 x double>, ptr %v77, align 8
  %v79 = fadd <4 x double> %v78, %t9
  store <4 x double> %v79, ptr %v77, align 8
  %v80 = getelementptr double, ptr %v68, i64 16
  %v81 = load <4 x double>, ptr %v80, align 8
  %v82 = fadd <4 x double> %v81, %t8
  store <4 x double> %v82, ptr %v80, align 8
  %i17 = add nuw nsw i64 %i16, 1
  %v83 = icmp slt i64 %i17, %v13
  br i1 %v83, label %loop14, label %end15
end15:
  br label %loop84
loop84:
  %i86 = phi i64 [ 0, %end15 ], [ %i87, %end102 ]
  %v88 = mul i64 %i86, 4
  %v89 = getelementptr double, ptr %scratch, i64 %v88
  %v90 = urem i64 %rows, 4
  br label %loop91
loop91:
  %i93 = phi i64 [ 0, %loop84 ], [ %i94, %loop91 ]
  %c95 = phi double [ 0x0000000000000000, %loop84 ], [ %v98, %loop91 ]
  %v96 = getelementptr double, ptr %v89, i64 %i93
  %v97 = load double, ptr %v96
  %v98 = fadd double %c95, %v97
  %i94 = add nuw nsw i64 %i93, 1
  %v99 = icmp slt i64 %i94, 4
  br i1 %v99, label %loop91, label %end92
end92:
  %v100 = icmp ne i64 %v90, 0
  br i1 %v100, label %rare101, label %end102
rare101:
  %v103 = getelementptr double, ptr %v89, i64 20
  br label %loop104
loop104:
  %i106 = phi i64 [ 0, %rare101 ], [ %i107, %loop104 ]
  %c108 = phi double [ %v98, %rare101 ], [ %v111, %loop104 ]
  %v109 = getelementptr double, ptr %v103, i64 %i106
  %v110 = load double, ptr %v109
  %v111 = fadd double %c108, %v110
  %i107 = add nuw nsw i64 %i106, 1
  %v112 = icmp slt i64 %i107, %v90
  br i1 %v112, label %loop104, label %end105
end105:
  br label %end102
end102:
  %v113 = phi double [ %v98, %end92 ], [ %v111, %end105 ]
  %v114 = getelementptr double, ptr %sums, i64 %i86
  store double %v113, ptr %v114
  %i87 = add nuw nsw i64 %i86, 1
  %v115 = icmp slt i64 %i87, 5
  br i1 %v115, label %loop84, label %end85
end85:
  br label %end4
no3:
  br label %end4
end4:
  %v116 = getelementptr double, ptr %sums, i64 1
  %v117 = sitofp i64 %rows to double
  %v118 = fmul double 0x0000000000000000, %v117
  %v119 = load double, ptr %v116
  %v120 = fadd double %v119, %v118
  store double %v120, ptr %v116
  %v121 = getelementptr double, ptr %sums, i64 3
  %v122 = sitofp i64 %rows to double
  %v123 = fmul double 0x0000000000000000, %v122
  %v124 = load double, ptr %v121
  %v125 = fadd double %v124, %v123
  store double %v125, ptr %v121
  %v126 = getelementptr double, ptr %sums, i64 4
  %v127 = sitofp i64 %rows to double
  %v128 = fmul double 0x0000000000000000, %v127
  %v129 = load double, ptr %v126
  %v130 = fadd double %v129, %v128
  store double %v130, ptr %v126
  %v131 = load i64, ptr %failures
  ret i64 %v131
}
